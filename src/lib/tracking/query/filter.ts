// Filters of runs in the manner of MLflow's search, with `or`, `not` and parentheses besides: parsed once, applied to many.

import { UsageError } from '../../base/errors.js';
import { RUN_STATUSES } from '../stored/run-record.js';
import type { RunSummary } from '../stored/run-summary.js';
import { filterError, filterTokens, type Token } from './filter-tokens.js';
import { likePattern } from './like-pattern.js';
import { type FieldValue, type RunField, runField } from './run-fields.js';

/** Whether a run is wanted. */
type Condition = (run: RunSummary) => boolean;

/** A filter: whether a run is wanted, and which fields it asks for. */
export interface RunFilter {
  (run: RunSummary): boolean;
  readonly fields: readonly RunField[];
}

/** Characters of the longest filter, and parentheses and `not` within each other: more than anyone writes. */
const LONGEST = 10_000;
const DEEPEST = 100;

/** MLflow's names of what is `interrupted` and so on here. */
const STATUSES: Readonly<Record<string, string>> = { killed: 'interrupted', scheduled: 'running' };

/**
 * Parses a filter such as `metrics.flicker_ratio < 1.1 and params.strength = '0.45'`.
 *
 * Fields are `metrics.x` (its last value), `params.x`, `tags.x` and attributes (`status`, `start_time`,
 * `attributes.run_name`); a key with spaces or the like stands in backticks. Operators: = != < <= > >=, LIKE, ILIKE (% for
 * anything, _ for one character), IN ('a', 'b'), NOT IN, NOT LIKE, IS NULL, IS NOT NULL. Parameters compared with a number,
 * as in `params.strength < 0.5`, are compared as numbers. A run that lacks a field meets no comparison of it, != included,
 * as in MLflow. Times compare with milliseconds since 1970, or with texts such as '2026-01-31'.
 *
 * @throws UsageError that points at what cannot be read, or for a filter that is too long or nested too deeply
 */
export function parseFilter(text: string): RunFilter {
  if (text.length > LONGEST) {
    throw new UsageError(
      `the filter "${text.slice(0, 40)}..." has ${text.length} characters, expected at most ${LONGEST}; ask for less at once`,
    );
  }
  const fields: RunField[] = [];
  let depth = 0;
  const tokens = filterTokens(text);
  let at = 0;
  const peek = (): Token => tokens[at];
  const next = (): Token => tokens[at++];
  const isWord = (word: string): boolean => peek().kind === 'word' && peek().key === undefined && peek().value === word;
  const isSign = (sign: string): boolean => peek().kind === 'sign' && peek().value === sign;
  const fail = (token: Token, expected: string): never => {
    const found = token.kind === 'end' ? 'it ends there' : `found ${token.source}`;
    throw filterError(text, token.start, `${found}, expected ${expected}`);
  };
  const eat = (test: boolean): boolean => {
    if (test) at++;
    return test;
  };

  const either = (): Condition => {
    const parts = [both()];
    while (eat(isWord('or'))) parts.push(both());
    return parts.length === 1 ? parts[0] : (run) => parts.some((part) => part(run));
  };
  const both = (): Condition => {
    const parts = [single()];
    while (eat(isWord('and'))) parts.push(single());
    return parts.length === 1 ? parts[0] : (run) => parts.every((part) => part(run));
  };
  const single = (): Condition => {
    const token = peek();
    if (++depth > DEEPEST) throw filterError(text, token.start, `conditions are nested more than ${DEEPEST} deep`);
    const condition = nested();
    depth--;
    return condition;
  };
  const nested = (): Condition => {
    if (eat(isWord('not'))) {
      const inner = single();
      return (run) => !inner(run);
    }
    if (eat(isSign('('))) {
      const inner = either();
      if (!eat(isSign(')'))) fail(peek(), "')' or another condition with and, or");
      return inner;
    }
    return comparison();
  };
  const comparison = (): Condition => {
    const token = next();
    if (token.kind !== 'word') fail(token, 'a field such as metrics.flicker_ratio, params.strength, tags.x or status');
    const field = runField(`the filter "${text}" at character ${token.start + 1}`, token.value, token.key);
    fields.push(field);
    if (eat(isWord('is'))) {
      const wanted = eat(isWord('not'));
      if (!eat(isWord('null'))) fail(peek(), 'NULL');
      return (run) => (field.of(run) !== undefined) === wanted;
    }
    const negated = eat(isWord('not'));
    const operator = next();
    const name = operator.value;
    if (operator.kind === 'word' && name === 'in') {
      const values = list(field);
      return present(field, (value) => values.some((wanted) => equal(value, wanted)) !== negated);
    }
    if (operator.kind === 'word' && (name === 'like' || name === 'ilike')) {
      if (field.kind === 'metrics') fail(operator, 'one of =, !=, <, <=, >, >= after a metric');
      const matches = likePattern(textValue(), name === 'ilike');
      return present(field, (value) => matches(String(value)) !== negated);
    }
    if (negated) fail(operator, 'IN, LIKE or ILIKE after NOT');
    if (operator.kind !== 'sign' || !Object.hasOwn(COMPARE, name)) {
      fail(operator, 'one of =, !=, <, <=, >, >=, LIKE, ILIKE, IN, IS NULL');
    }
    const wanted = operand(field);
    const compare = COMPARE[name];
    return present(field, (value) => {
      const left = typeof wanted === 'number' && typeof value === 'string' ? numberIn(value) : value;
      return left !== undefined && compare(left, wanted);
    });
  };
  const textValue = (): string =>
    peek().kind === 'text' ? next().value : fail(next(), "a text in quotes, such as '%night%'");
  const operand = (field: RunField): string | number => {
    const token = next();
    const isTime = field.kind === 'attributes' && /_time$/.test(field.key);
    if (token.kind === 'number') {
      if (field.kind === 'tags') return fail(token, `a text in quotes, such as '${token.source}': tags are texts`);
      return numberOf(token.value);
    }
    if (token.kind !== 'text')
      return fail(token, field.kind === 'metrics' ? 'a number' : 'a number, or a text in quotes');
    if (isTime) {
      const time = Date.parse(token.value);
      return Number.isNaN(time) ? fail(token, "a time such as '2026-01-31' or '2026-01-31T12:00:00Z'") : time;
    }
    if (field.kind === 'metrics') return fail(token, 'a number without quotes: metrics are numbers');
    if (field.kind === 'attributes' && field.key === 'status') {
      const lower = token.value.toLowerCase();
      const status = STATUSES[lower] ?? lower;
      const known = (RUN_STATUSES as readonly string[]).includes(status);
      return known ? status : fail(token, `one of ${RUN_STATUSES.map((each) => `'${each}'`).join(', ')}`);
    }
    return token.value;
  };
  const list = (field: RunField): (string | number)[] => {
    if (!eat(isSign('('))) fail(peek(), "a list such as ('a', 'b')");
    const values = [operand(field)];
    while (eat(isSign(','))) values.push(operand(field));
    if (!eat(isSign(')'))) fail(peek(), "',' or ')'");
    return values;
  };

  const filter = either();
  if (peek().kind !== 'end') fail(peek(), 'and, or, or the end');
  return Object.assign((run: RunSummary) => filter(run), { fields });
}

type Compare = (left: string | number, right: string | number) => boolean;

const COMPARE: Readonly<Record<string, Compare>> = {
  '=': (left, right) => left === right || (Number.isNaN(left) && Number.isNaN(right)),
  '!=': (left, right) => left !== right && !(Number.isNaN(left) && Number.isNaN(right)),
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
};

function present(field: RunField, test: (value: NonNullable<FieldValue>) => boolean): Condition {
  return (run) => {
    const value = field.of(run);
    return value !== undefined && test(value);
  };
}

function equal(value: string | number, wanted: string | number): boolean {
  return typeof wanted === 'number' && typeof value === 'string' ? numberIn(value) === wanted : value === wanted;
}

function numberOf(source: string): number {
  const lower = source.toLowerCase();
  if (lower.endsWith('nan')) return Number.NaN;
  if (lower.includes('inf')) return lower.startsWith('-') ? -Infinity : Infinity;
  return Number(source);
}

/** The number that a parameter's text is; undefined where it is none. */
function numberIn(text: string): number | undefined {
  const number = text.trim() === '' ? Number.NaN : Number(text);
  return Number.isNaN(number) ? undefined : number;
}

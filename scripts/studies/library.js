// @ts-check
// The compiled library, for the studies.

/** Imports a module of dist by its path there. @param {string} path */
export const library = (path) => import(new URL(`../../dist/${path}`, import.meta.url).href);

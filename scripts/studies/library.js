// @ts-check
// The compiled library, for the studies.

/** Imports a module of the build by its path there. @param {string} path */
export const library = (path) => import(new URL(`../../build/${path}`, import.meta.url).href);

// @ts-check
// The main job that `npm start` runs once everything is installed and built; its arguments are process.argv.slice(2).

const library = await import(new URL('../dist/lib/index.js', import.meta.url).href);
console.log(`steadyframe is built: ${Object.keys(library).length} exports.`);

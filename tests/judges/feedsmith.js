// Reads a feed with feedsmith, which knows every namespace that we write, and prints what it made of it, as JSON.
const { parseRssFeed } = require("feedsmith");
const { readFileSync } = require("node:fs");

console.log(JSON.stringify(parseRssFeed(readFileSync(process.argv[2], "utf8"))));

// Reads a feed with the Podcasting 2.0 namespace's own parser and prints what it made of it, as JSON.
const { parseFeed } = require("podcast-partytime");
const { readFileSync } = require("node:fs");

console.log(JSON.stringify(parseFeed(readFileSync(process.argv[2], "utf8"), { allowMissingGuid: false })));

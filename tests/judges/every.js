// Reads every feed of a JSON list of texts on its input with each parser, and prints what each made of each, as JSON.
const { parseFeed } = require("podcast-partytime");
const { parseRssFeed } = require("feedsmith");
const { readFileSync } = require("node:fs");

const feeds = JSON.parse(readFileSync(0, "utf8"));
const read = {
  partytime: (feed) => ({ ...parseFeed(feed, { allowMissingGuid: true }), pc20support: null, lastUpdate: null }),
  feedsmith: (feed) => parseRssFeed(feed),
};
const made = Object.entries(read).map(([name, parse]) => [name, feeds.map((feed) => parse(feed))]);
console.log(JSON.stringify(Object.fromEntries(made)));

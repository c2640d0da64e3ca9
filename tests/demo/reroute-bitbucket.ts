/** Loaded into the demo by its test: what is meant for Bitbucket goes to the fake whose address `REROUTE_TO` names. */
const target = process.env["REROUTE_TO"] ?? "";
const send = globalThis.fetch.bind(globalThis);

globalThis.fetch = (input, init) => {
  const address = input instanceof Request ? input.url : String(input);
  return send(address.replace(/^https:\/\/(api\.)?bitbucket\.org/, target), init);
};

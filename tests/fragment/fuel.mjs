// Counts fuel for `test_fuel.py`: a JSON array [function, ...arguments] a line, the result a line.

import { createInterface } from "node:readline";

import { COSTS, fragmentFuel, listFuel, requestFuel } from "../../edgekit/fragment/fuel.mjs";

const functions = {
  costs: () => COSTS,
  fragment: (contents, inserts, shared) => fragmentFuel(contents, new Map(Object.entries(inserts)), shared),
  list: listFuel,
  request: requestFuel,
};

for await (const line of createInterface({ input: process.stdin })) {
  const [name, ...values] = JSON.parse(line);
  process.stdout.write(`${JSON.stringify(functions[name](...values))}\n`);
}

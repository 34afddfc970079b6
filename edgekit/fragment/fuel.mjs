// What a fragment costs at most: the same numbers as fuel.py counts, which says what they mean.

export const COSTS = {
  MOST: 10 ** 15,
  REQUEST: 300_000,
  CREDENTIAL: 3_300_000,
  LOOKUP: 10_000,
  RECORD: 3_000_000,
  BYTE: 2,
  TOKEN: 4_000,
  SLOT: 6_000,
  SEARCH: 1_300_000,
  READ: 3_300,
  READABLE: 5_461,
  JOIN: 1,
  HASH: 1,
  POINT: { "": 25, url: 400, path: 400, href: 20, json: 80 },
  EXPANSION: { "": 5, url: 12, path: 12, href: 5, json: 12 },
  FRAME: { "": 0, url: 0, path: 1, href: 13, json: 2 },
};

const { MOST, REQUEST, CREDENTIAL, LOOKUP, RECORD, BYTE, TOKEN, SLOT, SEARCH, READ, READABLE, JOIN, HASH } = COSTS;
const { POINT, EXPANSION, FRAME } = COSTS;

/**
 * @typedef {{fuel: number, bytes: number, live: boolean}} Fuel
 * @typedef {{name: string, root: string, length: number, uses: [string, number][]}} SlotUse
 * @typedef {{bytes: number, tokens: number, slots: SlotUse[], inserts: [string, number][]}} Contents
 */

/**
 * @param {Contents} contents
 * @param {Map<string, Fuel>} inserts
 * @param {boolean} shared
 * @returns {Fuel}
 */
export function fragmentFuel(contents, inserts, shared) {
  let fuel = LOOKUP + contents.bytes * BYTE + contents.tokens * TOKEN;
  let bytes = contents.bytes;
  let live = false;
  for (const slot of contents.slots) {
    fuel += SLOT + slot.length * POINT[""];
    if (slot.root === "request") fuel += SEARCH + Math.min(slot.length, READABLE) * READ;
    live ||= slot.root === "segment";
    for (const [encoding, times] of slot.uses) {
      if (encoding) fuel += SLOT + slot.length * POINT[encoding];
      bytes += times * (slot.length * EXPANSION[encoding] + FRAME[encoding]);
    }
  }
  for (const [name, times] of contents.inserts) {
    const insert = inserts.get(name);
    fuel += insert.fuel;
    bytes += times * insert.bytes;
    live ||= insert.live;
  }
  fuel += bytes * (shared ? JOIN + HASH : JOIN);
  return { fuel: Math.min(fuel, MOST), bytes: Math.min(bytes, MOST), live };
}

/**
 * @param {Iterable<Fuel>} items
 * @param {Fuel} empty the fuel of the default island
 * @param {number} maxItems
 * @returns {Fuel}
 */
export function listFuel(items, empty, maxItems) {
  const item = worst(items);
  const size = maxItems * item.bytes;
  const shown = maxItems * item.fuel + 3 * maxItems * LOOKUP + size * JOIN;
  const fuel = Math.max(shown, empty.fuel + 4 * maxItems * LOOKUP);
  const bytes = Math.min(Math.max(size, empty.bytes), MOST);
  return { fuel: Math.min(fuel, MOST), bytes, live: item.live || empty.live };
}

/**
 * @param {Iterable<Fuel>} fuels
 * @returns {Fuel}
 */
export function worst(fuels) {
  const most = { fuel: 0, bytes: 0, live: false };
  for (const one of fuels) {
    most.fuel = Math.max(most.fuel, one.fuel);
    most.bytes = Math.max(most.bytes, one.bytes);
    most.live ||= one.live;
  }
  return most;
}

/**
 * @param {Fuel} fragment
 * @param {boolean} personal
 * @returns {number}
 */
export function requestFuel(fragment, personal) {
  const credentials = Number(personal);
  const records = credentials + Number(fragment.live);
  return Math.min(REQUEST + credentials * CREDENTIAL + records * (LOOKUP + RECORD) + fragment.fuel, MOST);
}

/** A list of what the fake knows, to read as an array and to add to. */
export interface Collection<Item, ItemSeed> extends ReadonlyArray<Item> {
  /** Completes the seed, keeps the item and answers it. */
  add(seed: ItemSeed): Item;
}

/** Makes a collection over `items`, which stays the caller's and may be refilled in place. */
export function createCollection<Item, ItemSeed>(
  items: Item[],
  complete: (seed: ItemSeed) => Item,
): Collection<Item, ItemSeed> {
  const collection = Object.assign(items, {
    add(seed: ItemSeed): Item {
      const item = complete(seed);
      items.push(item);
      return item;
    },
  });
  // Note: hidden, so that a test comparing the list with an array of items sees only the items.
  Object.defineProperty(collection, "add", { enumerable: false });
  return collection;
}

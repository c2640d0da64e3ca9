import { StorageError } from "../../src/errors.ts";
import { rekeyRecords } from "../../src/maintenance.ts";
import { createRecordCipher } from "../../src/storage/encryption.ts";
import { createMemoryStorage } from "../../src/storage/memory-storage.ts";
import { createRecordStore } from "../../src/storage/record-store.ts";
import { fullRecord } from "./sample-record.ts";
import { describe, expect, it } from "vitest";

const k1 = new Uint8Array(32).fill(1);
const k2 = new Uint8Array(32).fill(2);
const oldCipher = createRecordCipher({ current: "k1", keys: { k1 } });
const bothCipher = createRecordCipher({ current: "k2", keys: { k1, k2 } });
const newCipher = createRecordCipher({ current: "k2", keys: { k2 } });

describe("rekeyRecords()", () => {
  it("seals every record again, so that the old key can be thrown away", async () => {
    const storage = createMemoryStorage();
    const names = Array.from({ length: 20 }, (_, i) => `site/consumer/user/${i}`);
    for (const name of names) {
      await createRecordStore(storage, oldCipher).replace(name, null, fullRecord({ accessToken: name }));
    }
    const seen: number[] = [];
    const report = await rekeyRecords(createRecordStore(storage, bothCipher), "site/consumer/", (now) =>
      seen.push(now.rewritten),
    );
    expect(report).toEqual({ rewritten: 20, overtaken: 0, unreadable: 0 });
    expect(seen).toEqual(names.map((_, i) => i + 1));
    for (const name of names) {
      expect((await createRecordStore(storage, newCipher).read(name))?.record).toEqual(
        fullRecord({ accessToken: name }),
      );
    }
  });

  it("leaves the records of another consumer alone", async () => {
    const storage = createMemoryStorage();
    await createRecordStore(storage, oldCipher).replace("site/other/user/ann", null, fullRecord());
    const before = await storage.get("site/other/user/ann");
    await rekeyRecords(createRecordStore(storage, bothCipher), "site/consumer/");
    expect(await storage.get("site/other/user/ann")).toEqual(before);
  });

  it("does not overwrite what another process wrote meanwhile", async () => {
    const storage = createMemoryStorage();
    const store = createRecordStore(storage, bothCipher);
    await store.replace("site/consumer/user/ann", null, fullRecord());
    const overtaken: typeof store = {
      ...store,
      async read(key) {
        const stored = await store.read(key);
        await store.replace(key, stored?.version ?? null, fullRecord({ accessToken: "newer" }));
        return stored;
      },
    };
    expect(await rekeyRecords(overtaken, "site/consumer/")).toEqual({
      rewritten: 0,
      overtaken: 1,
      unreadable: 0,
    });
    expect((await store.read("site/consumer/user/ann"))?.record.accessToken).toBe("newer");
  });

  it("tries a record again that another process wrote meanwhile", async () => {
    const storage = createMemoryStorage();
    const store = createRecordStore(storage, bothCipher);
    await store.replace("site/consumer/user/ann", null, fullRecord());
    let writes = 0;
    const overtakenOnce: typeof store = {
      ...store,
      async read(key) {
        const stored = await store.read(key);
        if (writes++ === 0)
          await createRecordStore(storage, oldCipher).replace(key, stored?.version ?? null, fullRecord());
        return stored;
      },
    };
    expect(await rekeyRecords(overtakenOnce, "site/consumer/")).toMatchObject({ rewritten: 1, overtaken: 0 });
    expect(await createRecordStore(storage, newCipher).read("site/consumer/user/ann")).not.toBeNull();
  });

  it("goes on past a record that no key opens, and leaves it as it is", async () => {
    const storage = createMemoryStorage();
    const strange = createRecordCipher({ current: "k9", keys: { k9: new Uint8Array(32).fill(9) } });
    await createRecordStore(storage, strange).replace("site/consumer/user/ann", null, fullRecord());
    await createRecordStore(storage, oldCipher).replace("site/consumer/user/bob", null, fullRecord());
    const before = await storage.get("site/consumer/user/ann");

    expect(await rekeyRecords(createRecordStore(storage, bothCipher), "site/consumer/")).toEqual({
      rewritten: 1,
      overtaken: 0,
      unreadable: 1,
    });
    expect(await storage.get("site/consumer/user/ann")).toEqual(before);
  });

  it("needs a storage that can list", async () => {
    const { list: _list, ...storage } = createMemoryStorage();
    await expect(rekeyRecords(createRecordStore(storage, bothCipher), "")).rejects.toMatchObject({
      code: "invalid_options",
      message: "rekey() needs a storage that can list its keys, and this one cannot.",
    });
  });

  it("counts nothing for a record that went away after it was listed", async () => {
    const storage = createMemoryStorage();
    const listing: typeof storage = {
      ...storage,
      async *list() {
        yield "site/consumer/user/gone";
      },
    };
    const seen: unknown[] = [];
    const store = createRecordStore(listing, bothCipher);
    const report = await rekeyRecords(store, "", (now) => void seen.push(now));
    expect(report).toEqual({ rewritten: 0, overtaken: 0, unreadable: 0 });
    expect(seen).toEqual([report]);
  });

  it.each([new StorageError("The storage is down."), new Error("not one of ours")])(
    "stops when it cannot go on, and does not call that unreadable: %s",
    async (failure) => {
      const storage = createMemoryStorage();
      const store = createRecordStore(storage, bothCipher);
      await store.replace("site/consumer/user/ann", null, fullRecord());
      const failing: typeof store = { ...store, read: () => Promise.reject(failure) };
      await expect(rekeyRecords(failing, "site/")).rejects.toBe(failure);
    },
  );

  it("gives up on a record after the third time that another process was faster", async () => {
    const store = createRecordStore(createMemoryStorage(), bothCipher);
    await store.replace("site/consumer/user/ann", null, fullRecord());
    let reads = 0;
    const overtaken: typeof store = {
      ...store,
      read: (key) => {
        reads++;
        return store.read(key);
      },
      replace: async () => ({ ok: false, current: "newer", repeated: false }),
    };
    expect(await rekeyRecords(overtaken, "site/")).toMatchObject({ overtaken: 1 });
    expect(reads).toBe(3);
  });
});

import type { Lease } from "@bitbucket-auth/core";
import { breaking, breakingLeases, collated, type BrokenStorages, type OpenBroken } from "./breaking.ts";

const agelessMs = 1e9;

export const brokenLeases: BrokenStorages = {
  "a held lease is refused to another owner": breaking(() => ({
    tryLease: async () => ({ fence: Date.now(), renew: async () => true, release: async () => {} }),
  })),

  "the same owner asking again gets its own lease, with the same fence": breakingLeases(counting()),

  "a lease got twice is released by either handle": (() => {
    const seen = new Set<string>();
    return breakingLeases((_lease, owner) => {
      if (seen.has(owner)) return { release: async () => {} };
      seen.add(owner);
      return {};
    });
  })(),

  "a released lease is free": breakingLeases(() => ({ release: async () => {} })),
  "releasing twice leaves the next holder alone": releasingBlindly(),
  "a held lease can be renewed": breakingLeases(() => ({ renew: async () => false })),
  "a released lease cannot be renewed": breakingLeases(() => ({ renew: async () => true })),
  "the fence grows with every acquisition": breakingLeases(() => ({ fence: 1 })),

  "leases of different keys do not block each other": breaking((sound) => ({
    tryLease: (_key, options) => sound.tryLease("the only lease", options),
  })),

  "releasing one key leaves the lease of another": breaking((sound) => {
    const granted: Lease[] = [];
    return {
      async tryLease(key, options) {
        const lease = await sound.tryLease(key, options);
        if (!lease) return null;
        granted.push(lease);
        const release = async () => void (await Promise.all(granted.map((each) => each.release())));
        return { ...lease, release };
      },
    };
  }),

  "a lease is not an entry": breaking((sound) => ({
    async tryLease(key, options) {
      await sound.compareAndSwap(key, null, new Uint8Array(), { version: "lease" });
      return sound.tryLease(key, options);
    },
  })),

  "a lease does not lock the entry": breaking((sound) => ({
    async compareAndSwap(key, ...rest) {
      const lease = await sound.tryLease(key, { owner: "writer", ttlMs: agelessMs });
      if (!lease) return { ok: false, current: rest[0] };
      await lease.release();
      return sound.compareAndSwap(key, ...rest);
    },
  })),

  "owners that differ in case, an accent or a trailing space alone are apart": breaking((sound) => ({
    tryLease: (key, options) => sound.tryLease(key, { ...options, owner: collated(options.owner) }),
  })),

  "a deletion leaves the lease with its holder": breaking((sound) => {
    let held: Lease | null = null;
    return {
      async tryLease(key, options) {
        const lease = await sound.tryLease(key, options);
        held = lease ?? held;
        return lease;
      },
      async delete(key) {
        await held?.release();
        return sound.delete(key);
      },
    };
  }),

  "a lease lapses": lasting(() => agelessMs),
  "a lease lasts as long as was asked": lasting((ttlMs) => Math.min(ttlMs, 5)),
  "renewing prolongs a lease": breakingLeases(() => ({ renew: async () => true })),

  "asking again prolongs a lease": breaking((sound) => {
    const granted = new Map<string, Lease>();
    return {
      async tryLease(key, options) {
        const earlier = granted.get(key + options.owner);
        if (earlier) return earlier;
        const lease = await sound.tryLease(key, options);
        if (lease) granted.set(key + options.owner, lease);
        return lease;
      },
    };
  }),

  "a renewed lease lapses too": breakingLeases((lease) => ({ renew: () => lease.renew(agelessMs) })),
  "the fence grows over a lapse": breakingLeases(() => ({ fence: 1 })),
  "a lapsed lease cannot be renewed once another owner holds it": breakingLeases(() => ({
    renew: async () => true,
  })),

  "a lease of 1 ms is granted": breaking((sound) => ({
    async tryLease(key, options) {
      const granted = await sound.tryLease(key, options);
      // Reads back what it wrote, and finds it lapsed.
      return options.ttlMs < 2 ? null : granted;
    },
  })),

  "a lapsed lease cannot be renewed, also before another owner takes it": breaking((sound) => ({
    async tryLease(key, options) {
      const granted = await sound.tryLease(key, options);
      // Compares owner and fence, and forgets to compare the time.
      return granted && { ...granted, renew: async () => true };
    },
  })),

  "renewing a lapsed lease changes nothing for the next holder": breaking((sound) => {
    let latest: Lease | null = null;
    return {
      async tryLease(key, options) {
        const lease = await sound.tryLease(key, options);
        latest = lease ?? latest;
        const renew = async (ttlMs: number) => {
          if (latest !== lease) await latest?.release();
          return lease!.renew(ttlMs);
        };
        return lease && { ...lease, renew };
      },
    };
  }),

  "releasing a lapsed lease leaves the next holder alone": releasingBlindly(),

  "the next holder of a lapsed lease is refused to its old one": breaking((sound) => {
    const known = new Map<string, Lease>();
    return {
      async tryLease(key, options) {
        const lease = (await sound.tryLease(key, options)) ?? known.get(options.owner) ?? null;
        if (lease) known.set(options.owner, lease);
        return lease;
      },
    };
  }),
};

function lasting(change: (ttlMs: number) => number): () => OpenBroken {
  return breaking((sound) => ({
    tryLease: (key, options) => sound.tryLease(key, { ...options, ttlMs: change(options.ttlMs) }),
  }));
}

/** Deletes whatever lease is there, as a bare `DEL` does. */
export function releasingBlindly(): () => OpenBroken {
  return breaking((sound) => {
    const latest = new Map<string, Lease>();
    return {
      async tryLease(key, options) {
        const lease = await sound.tryLease(key, options);
        if (lease) latest.set(key, lease);
        return lease && { ...lease, release: async () => latest.get(key)?.release() };
      },
    };
  });
}

function counting(): () => Partial<Lease> {
  let fence = 0;
  return () => {
    fence += 1;
    return { fence };
  };
}

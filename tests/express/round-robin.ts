/** Hands requests to several processes in turn, as a load balancer does: one that does not answer is passed over. */
export interface RoundRobin {
  get(path: string, cookie?: string): Promise<Response>;
  /** How often a process had to be passed over. */
  readonly passedOver: number;
}

export function roundRobin(origins: readonly string[]): RoundRobin {
  let turn = 0;
  let passedOver = 0;
  return {
    async get(path, cookie = "") {
      const first = turn++;
      for (let tried = 0; ; tried++) {
        const origin = origins[(first + tried) % origins.length] ?? "";
        try {
          const headers = { cookie, accept: "text/html" };
          const response = await fetch(origin + path, { headers, redirect: "manual" });
          const body = await response.arrayBuffer();
          return new Response(body.byteLength > 0 ? body : null, response);
        } catch (error) {
          // Only a read is asked of another process, and only when this one was gone.
          if (tried + 1 >= origins.length) throw error;
          passedOver++;
        }
      }
    },
    get passedOver() {
      return passedOver;
    },
  };
}

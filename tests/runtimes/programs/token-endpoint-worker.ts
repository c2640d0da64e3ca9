/** How long a request that is not awaited is over before its refresh is answered. */
const answerAfterMs = 500;

let sent = 0;

/** Everything that the worker of a BitbucketAuth can reach: a token endpoint, which also says how many requests it had. */
export default {
  async fetch(request: Request): Promise<Response> {
    if (new URL(request.url).pathname === "/sent") return new Response(`${sent}`);
    sent += 1;
    const n = sent + 1;
    await new Promise((resolve) => setTimeout(resolve, answerAfterMs));
    return Response.json({
      access_token: `access-${n}`,
      refresh_token: `refresh-${n}`,
      token_type: "bearer",
      expires_in: 7_200,
    });
  },
};

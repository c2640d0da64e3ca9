import { appFor } from "../../remote-app.ts";

/** The app that a request of the suite is for. */
export function suiteApp(request) {
  return appFor(request.headers, process.env.SUITE_SETTINGS_URL);
}

/** A route behind the guard. */
export function guarded(answer) {
  return async (request) => {
    const bitbucket = await suiteApp(request);
    const session = await bitbucket.guard(request);
    if (session instanceof Response) return session;
    try {
      return Response.json(await answer(session), { headers: { "cache-control": "no-store" } });
    } catch (error) {
      const explained = await bitbucket.answerError(error, request);
      if (explained) return explained;
      throw error;
    }
  };
}

import { InvalidOptionsError } from "../../src/errors.ts";
import { basicAuthorization, secretsInAuthorization } from "../../src/token-endpoint/request.ts";
import { describe, expect, it } from "vitest";

/** What a server gets out of the header. */
function decoded(header: string): string {
  return Buffer.from(header.slice("Basic ".length), "base64").toString();
}

function formEncoded(text: string): string {
  return new URLSearchParams({ text }).toString().slice("text=".length);
}

/** The 76 characters of a secret of 2026, in the alphabet that both readings of Basic agree on. */
const newSecret = "ATBBx3Zr-_.kQm7Wn2Vb9Lp4Tc8Yd6Hf1Jg5Ks0Ra3Ev7Ui2Oq9Pw4Zx8Cn6Bm1Mt5Yh_X.z";

describe("basicAuthorization()", () => {
  it("makes the header of RFC 7617's own example", () => {
    const header = basicAuthorization({ clientId: "Aladdin", clientSecret: "open sesame" });
    expect(header).toBe("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  });

  it("speaks UTF-8", () => {
    expect(decoded(basicAuthorization({ clientId: "tëst", clientSecret: "123£😀" }))).toBe("tëst:123£😀");
  });

  it("means the same whether a server form-decodes or not, for the letters secrets are made of", () => {
    const clientSecret = newSecret;
    const pair = decoded(basicAuthorization({ clientId: "Key-1_2.3", clientSecret }));
    expect(pair).toBe(`Key-1_2.3:${clientSecret}`);
    expect(pair).toBe(`${formEncoded("Key-1_2.3")}:${formEncoded(clientSecret)}`);
    const tilde = decoded(basicAuthorization({ clientId: "k~", clientSecret: "s~" }));
    expect([tilde, decodeURIComponent(tilde)]).toEqual(["k~:s~", "k~:s~"]);
  });

  it("sends other characters as they are, like Bitbucket's own examples", () => {
    expect(decoded(basicAuthorization({ clientId: "key", clientSecret: "a+b/c=d%41:e" }))).toBe(
      "key:a+b/c=d%41:e",
    );
  });

  it("spells base64 with + and /, as RFC 4648 has it for headers", () => {
    expect(basicAuthorization({ clientId: "ke", clientSecret: ">>>???" })).toBe("Basic a2U6Pj4+Pz8/");
  });

  it.each([
    ["an empty id", "", "secret", "clientId is missing: it is the key"],
    ["an empty secret", "key", "", "clientSecret is missing: it is the secret"],
    ["an id with a colon", "ke:y", "secret", "clientId must not contain a colon"],
  ])("refuses %s, and says so", (_title, clientId, clientSecret, message) => {
    const refused = (): string => basicAuthorization({ clientId, clientSecret });
    expect(refused).toThrow(InvalidOptionsError);
    expect(refused).toThrow(message);
  });
});

describe("secretsInAuthorization()", () => {
  it("finds the secret in Basic credentials", () => {
    const header = basicAuthorization({ clientId: "key", clientSecret: "se:crét?" });
    const found = secretsInAuthorization(header);
    expect(found).toContain("se:crét?");
    expect(found).toContain(header.slice("Basic ".length));
  });

  it("finds the secret whatever signs its base64 has, and however wide the gap before it", () => {
    expect(secretsInAuthorization("Basic a2U6Pj4+Pz8/")).toContain(">>>???");
    expect(secretsInAuthorization("basic   QWxhZGRpbjpvcGVuIHNlc2FtZQ==")).toEqual([
      "basic   QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
      "QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
      "Aladdin:open sesame",
      "open sesame",
    ]);
  });

  it("finds the token of another scheme, and reads nothing else into it", () => {
    expect(secretsInAuthorization("JWT a.b.c")).toEqual(["JWT a.b.c", "a.b.c"]);
  });

  it("finds nothing more in a header of one word", () => {
    expect(secretsInAuthorization("hunter2")).toEqual(["hunter2", ""]);
  });

  it("does not stumble over credentials that are not base64", () => {
    expect(secretsInAuthorization("Basic ???")).toContain("???");
  });
});

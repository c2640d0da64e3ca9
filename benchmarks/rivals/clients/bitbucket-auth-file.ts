import { createBitbucketAuth } from "@bitbucket-auth/core";
import { createFileStorage } from "@bitbucket-auth/storage-file";
import type { Client } from "../client.ts";

/** Ours, with tokens in files that other processes share. */
export const client: Client = {
  async keep({ clientId, clientSecret, origin, tokenUrl, place }) {
    const auth = createBitbucketAuth({
      clientId,
      clientSecret,
      endpoints: { tokenUrl, apiUrl: origin },
      storage: createFileStorage({ directory: place["directory"] ?? "", logging: false }),
      encryption: { current: "k1", keys: { k1: Buffer.from(place["encryptionKey"] ?? "", "base64") } },
      logging: false,
    });
    return () => auth.getAccessToken("alice");
  },
};

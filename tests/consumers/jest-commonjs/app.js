const { createBitbucketAuth } = require("@bitbucket-auth/core");

/** An app in CommonJS, which requires core before a test can say anything. */
exports.createApp = (options) => {
  const auth = createBitbucketAuth(options);
  return {
    save: (account, tokens) => auth.saveTokens(account, tokens),
    token: (account) => auth.getAccessToken(account),
    close: () => auth.close(),
  };
};

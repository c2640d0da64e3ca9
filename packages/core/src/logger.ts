/** Where log lines go; `console` fits. Lines carry account keys, codes and numbers, never a token or secret. */
export interface Logger {
  debug?(message: string, fields?: object): void;
  info?(message: string, fields?: object): void;
  warn?(message: string, fields?: object): void;
  error?(message: string, fields?: object): void;
}

/** The given logger, or the console for `logging: true`, or nothing for `logging: false`. By default only errors are shown. */
export function chooseLogger(logger: Logger | undefined, logging: boolean | undefined): Logger {
  if (logging === false) return {};
  if (logger) return logger;
  // Note: the one error there is says that a rotated token is not saved. Silence there could cost a grant.
  return logging ? console : { error: (message, fields) => console.error(message, fields) };
}

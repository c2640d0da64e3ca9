import type { HelmetOptions } from "helmet";

/**
 * Scripts, styles and calls of this origin alone, no inline script, no string that becomes markup. `more` adds directives.
 *
 * Without the parts of helmet that ask browsers to come back by https, which a program on this machine does not speak.
 */
export function strictPolicy(more: Readonly<Record<string, readonly string[]>> = {}): HelmetOptions {
  return {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        "default-src": ["'self'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "object-src": ["'none'"],
        "require-trusted-types-for": ["'script'"],
        ...more,
      },
    },
    strictTransportSecurity: false,
  };
}

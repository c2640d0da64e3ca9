/** The form of a consent page, as a browser reads it. */
export interface ConsentForm {
  readonly action: URL;
  /** What is sent when the button is pressed. */
  press(button: string): URLSearchParams;
}

/** Reads the page's one form. Throws when there is none. */
export function readConsentForm(html: string, pageUrl: string): ConsentForm {
  const [, formTag, content] = /<form\b([^>]*)>(.*?)<\/form>/s.exec(html) ?? [];
  if (formTag === undefined || content === undefined) throw new Error("The consent page has no form.");
  return {
    action: new URL(attribute(formTag, "action"), pageUrl),
    press(button) {
      const fields = new URLSearchParams();
      for (const [, tag = "", options = ""] of content.matchAll(/<select\b([^>]*)>(.*?)<\/select>/gs))
        fields.set(attribute(tag, "name"), attribute(options, "value"));
      for (const [, tag = ""] of content.matchAll(/<input\b([^>]*)>/g))
        fields.set(attribute(tag, "name"), attribute(tag, "value"));
      for (const [, tag = "", label = ""] of content.matchAll(/<button\b([^>]*)>(.*?)<\/button>/gs))
        if (label.trim() === button) fields.set(attribute(tag, "name"), attribute(tag, "value"));
      return fields;
    },
  };
}

/** The first attribute of that name, and an empty text when there is none. */
function attribute(html: string, name: string): string {
  const [, value = ""] = new RegExp(`\\b${name}="([^"]*)"`).exec(html) ?? [];
  return value
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");
}

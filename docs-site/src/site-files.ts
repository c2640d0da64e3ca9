import { ValidatingFileRegistry } from "typedoc";

type FileId = Parameters<ValidatingFileRegistry["getName"]>[0];

/** The files that pages link to and that are no pages. They are copied, as text: a server would call `.ts` a film. */
export class SiteFiles extends ValidatingFileRegistry {
  override getName(id: FileId): string | undefined {
    const name = super.getName(id);
    if (name === undefined || /\.(?:png|svg|txt)$/.test(name)) return name;
    const asText = `${name}.txt`;
    this.names.set(id, asText);
    return asText;
  }
}

// What `bundle-size.ts` uses of esbuild, which is installed beside the rivals.

declare module "rival:esbuild" {
  export function build(options: {
    stdin: { contents: string; resolveDir: string; loader: "js" };
    bundle: true;
    minify: true;
    format: "esm";
    target: "es2022";
    platform: "browser" | "node";
    write: false;
    logLevel: "silent";
  }): Promise<{ outputFiles: [{ contents: Uint8Array }] }>;
}

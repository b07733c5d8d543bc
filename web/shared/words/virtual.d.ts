/** Made by the build from `words/`: own names of the languages, and loaders for the first screen's words and the rest. */
declare module "virtual:words" {
  type Loader = () => Promise<{ default: Record<string, string | string[]> }>;
  export const NAMES: Record<string, string>;
  export const FIRST: Record<string, Loader>;
  export const LATER: Record<string, Loader>;
}

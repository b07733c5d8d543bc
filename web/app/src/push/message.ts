/** A message as the service worker gets it: ours by Web Push, or as Firebase hands it to browsers. */

export type Message = {
  title: string;
  body: string;
  /** Of the same message twice, the second takes the place of the first. */
  tag: string;
  language: string;
  acknowledgement?: string;
  initial?: string;
};

type Fields = Record<string, unknown>;

/**
 * The message in what was pushed; undefined where it has none. Firebase puts what the service wrote into `data`, and
 * what somebody writes at Firebase's console into `notification`; `fcmMessageId` is its own name for it.
 */
export function readMessage(pushed: unknown): Message | undefined {
  const all = fields(pushed);
  const own = { ...fields(all["notification"]), ...all, ...fields(all["data"]) };
  const text = (...names: string[]): string | undefined =>
    names.map((name) => own[name]).find((value): value is string => typeof value === "string" && value !== "");
  const title = text("title");
  if (!title) return undefined;
  const [acknowledgement, initial] = [text("acknowledgement"), text("initial")];
  return {
    title,
    body: text("body") ?? "",
    tag: text("notification_id", "tag", "fcmMessageId") ?? "",
    language: text("language") ?? "",
    ...(acknowledgement && { acknowledgement }),
    ...(initial && { initial }),
  };
}

const fields = (value: unknown): Fields => (typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {});

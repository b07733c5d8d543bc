/** What a colour says, of a notice as of the ring. */
export type Tone = "plain" | "good" | "warn" | "bad";

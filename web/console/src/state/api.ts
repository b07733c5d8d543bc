/** Options of a call that asks only for what is not known by its tag already. */
export const unless = (tag: string | undefined): RequestInit => (tag ? { headers: { "If-None-Match": tag } } : {});

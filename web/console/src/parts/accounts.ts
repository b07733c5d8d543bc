/** Accounts of officers, as the pages of administrators show them. */

import type { Schemas } from "$shared/api/client";

export type Account = Schemas["AccountOut"];
export type Role = Account["role"];
export const ROLES: Role[] = ["officer", "supervisor", "auditor", "administrator"];

/** Codes of offices as they were typed, with spaces or commas between them. */
export const readOffices = (text: string): string[] => text.toUpperCase().split(/[\s,]+/).filter(Boolean);

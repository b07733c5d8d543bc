/** What this installation is, asked once: whether people sign in with an identity provider too, and whether all of it is for training. */

import { call } from "$shared/api/client";

export const installation = $state({ known: false, openid: false, training: false });

export async function ask(): Promise<void> {
  const { data } = await call("get", "/api/v1/console/sign-in", {});
  Object.assign(installation, data, { known: true });
}

import "$shared/styles/base.css";
import { firstLanguage, useLanguage } from "$shared/words/words.svelte";
import { mount } from "svelte";
import App from "./App.svelte";
import { applyTheme } from "$shared/theme";

applyTheme();
const target = document.getElementById("app");
if (!target) throw new Error("no place for the app");
if ((await useLanguage(firstLanguage(), false)) || (await useLanguage("en", false))) mount(App, { target });
else target.textContent = "No internet. Open this page again later. \u2013 ไม่มีอินเทอร์เน็ต โปรดเปิดหน้านี้ใหม่ภายหลัง";

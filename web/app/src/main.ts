import "$shared/styles/base.css";
import { firstLanguage, useLanguage } from "$shared/words/words.svelte";
import { mount } from "svelte";
import App from "./App.svelte";
import { applyTheme } from "./theme";

applyTheme();
await useLanguage(firstLanguage(), false);
const target = document.getElementById("app");
if (target) mount(App, { target });

import "$shared/styles/base.css";
import "./console.css";
import { applyTheme } from "$shared/theme";
import { mount } from "svelte";
import App from "./App.svelte";
import { firstLanguage, useLanguage } from "./words.svelte";

applyTheme();
await useLanguage(firstLanguage(), false);
const target = document.getElementById("app");
if (target) mount(App, { target });

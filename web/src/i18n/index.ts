// Sentences of the page in the language of the reader.

import { recall, remember } from "../core/remember";
import type { Sentence } from "../core/types";
import en from "./en.json";
import zh from "./zh.json";

export type Key = keyof typeof en;
export type Language = "en" | "zh";
type Values = Record<string, string | number>;

// each language must have every key of the other one
const SENTENCES: Record<Language, Record<Key, string>> = { en, zh: zh satisfies Record<Key, string> };
export const TAGS: Record<Language, string> = { en: "en", zh: "zh-Hans" };

let current: Language = initial();
const listeners: (() => void)[] = [];

function initial(): Language {
  const chosen = recall("language");
  if (chosen === "en" || chosen === "zh") return chosen;
  return navigator.languages.find((tag) => /^(en|zh)\b/i.test(tag))?.toLowerCase().startsWith("zh") ? "zh" : "en";
}

export function language(): Language {
  return current;
}

export function speak(chosen: Language): void {
  current = chosen;
  remember("language", chosen);
  translate();
  for (const listener of listeners) listener();
}

/** Called after each change of the language. */
export function onLanguage(listener: () => void): void {
  listeners.push(listener);
}

export function t(key: Key, values: Values = {}): string {
  return SENTENCES[current][key].replace(/\{(\w+)\}/g, (whole, name: string) => `${values[name] ?? whole}`);
}

/** A sentence that came from elsewhere. */
export function said(sentence: Sentence): string {
  if ("text" in sentence) return sentence.text;
  return sentence.key in en ? t(sentence.key as Key, sentence.with) : sentence.key;
}

/** Fills in all that stands in the document: `data-t` is the key of a text, `data-t-label` of an accessible name. */
export function translate(root: ParentNode = document): void {
  document.documentElement.lang = TAGS[current];
  document.title = t("title");
  for (const element of root.querySelectorAll<HTMLElement>("[data-t]")) element.textContent = t(element.dataset.t as Key);
  for (const element of root.querySelectorAll<HTMLElement>("[data-t-label]")) {
    const text = t(element.dataset.tLabel as Key);
    element.setAttribute("aria-label", text);
    if (element.matches("button")) element.title = text;
  }
}

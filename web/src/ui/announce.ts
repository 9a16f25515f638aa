// What a screen reader says when something happens.

import type { Sentence } from "../core/types";
import { said, t, type Key } from "../i18n";
import { find } from "./find";

/** Reasons are keys of sentences, too. */
export function announce(sentence: Sentence): void {
  if ("key" in sentence && typeof sentence.with?.reason === "string" && /^[a-z_]+$/.test(sentence.with.reason)) {
    sentence = { ...sentence, with: { ...sentence.with, reason: t(sentence.with.reason as Key) } };
  }
  find("#announcer").textContent = said(sentence);
}

/** A sentence at the top of the page; none if null. */
export function banner(sentence: Sentence | null): void {
  const place = find("#banner");
  place.hidden = sentence === null;
  place.textContent = sentence === null ? "" : said(sentence);
}

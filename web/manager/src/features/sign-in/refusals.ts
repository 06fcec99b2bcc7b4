/** Why a sign-in with OpenID Connect led back here, in words. Pure. The address holds one of few words, never a text of somebody else. */

const SENTENCES: Record<string, (provider: string) => string> = {
  declined: (provider) => `You stopped signing in with ${provider}. Nothing has changed.`,
  expired: () => "This sign-in took too long, was used already, or was begun in another window. Begin again.",
  no_account: (provider) => `The account you chose at ${provider} has no access here. Ask an owner of your workspace to let you in.`,
  unverified: (provider) => `${capital(provider)} does not confirm that the e-mail address is yours. Confirm it there and try again.`,
  provider: (provider) =>
    `Signing in with ${provider} does not work at the moment. Try again; if it stays so, tell whoever runs this installation.`,
  busy: () => "Too many sign-ins at the moment. Wait a few minutes and try again.",
};

/** The sentence for `?refused=`; empty when nothing was refused. */
export function refusalInWords(refused: string | undefined, provider: string | undefined): string {
  if (!refused) return "";
  const sentence = Object.hasOwn(SENTENCES, refused) ? SENTENCES[refused] : SENTENCES.expired;
  return sentence?.(provider ?? "the other account") ?? "";
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

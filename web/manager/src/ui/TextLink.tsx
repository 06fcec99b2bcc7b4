import { Anchor, type AnchorProps } from "@mantine/core";
import { createLink, type LinkComponent } from "@tanstack/react-router";
import type { AnchorHTMLAttributes, Ref } from "react";

type Props = Omit<AnchorHTMLAttributes<HTMLAnchorElement>, keyof AnchorProps> & AnchorProps & { ref?: Ref<HTMLAnchorElement> };

function RouterAnchor(props: Props) {
  return <Anchor {...props} />;
}

const Created = createLink(RouterAnchor);

/** A link in text to a place of the manager; `underline="always"` where only its colour would set it off. */
export const TextLink: LinkComponent<typeof RouterAnchor> = (props) => <Created {...props} />;

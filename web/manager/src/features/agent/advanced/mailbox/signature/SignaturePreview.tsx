import { Text } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import styles from "./Signature.module.css";

const MOST_PX = 420;
/** Of the body in signature-preview.css. */
const MARGIN_PX = 12;

/** A mail with the signature under it, in a page of its own that may load logos of other sites and runs no script. */
export function SignaturePreview({ html }: { html: string }) {
  const frame = useRef<HTMLIFrameElement>(null);
  const [isLoaded, setLoaded] = useState(false);
  const [height, setHeight] = useState(160);

  useEffect(() => {
    const page = frame.current?.contentDocument;
    const place = page?.getElementById("signature");
    if (!isLoaded || !page || !place) return undefined;
    place.innerHTML = html;
    const measure = () => setHeight(Math.min(page.body.offsetHeight + 2 * MARGIN_PX, MOST_PX));
    // Logos come later, and a narrower page has more lines.
    const watch = new ResizeObserver(measure);
    watch.observe(page.body);
    return () => watch.disconnect();
  }, [html, isLoaded]);

  return (
    <div>
      <Text size="sm" fw={500} mt="sm" mb={4}>
        In a mail
      </Text>
      <iframe
        ref={frame}
        className={styles.preview}
        title="A mail with the signature"
        src="/signature-preview"
        sandbox="allow-same-origin"
        height={height}
        tabIndex={-1}
        onLoad={() => setLoaded(true)}
      />
    </div>
  );
}

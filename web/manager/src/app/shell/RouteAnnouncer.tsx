import { useRouter } from "@tanstack/react-router";
import { useEffect, useState } from "react";

/** What an assistive technology needs and a loaded document gives by itself: after a change of page the focus stands at the page, and its title is read out. */
export function RouteAnnouncer() {
  const router = useRouter();
  const [title, setTitle] = useState("");

  useEffect(
    () =>
      router.subscribe("onRendered", ({ fromLocation, pathChanged }) => {
        if (!fromLocation || !pathChanged) return;
        // The title is set by an effect of the page, after this event.
        requestAnimationFrame(() => {
          setTitle(document.title.replace(/ · Callstage$/, ""));
          if (!isInPage(document.activeElement)) document.getElementById("page")?.focus({ preventScroll: true });
        });
      }),
    [router],
  );

  return (
    <div className="visually-hidden" aria-live="polite" aria-atomic="true">
      {title}
    </div>
  );
}

/** A tab inside the page keeps the focus when it shows its content; so does an open dialog. */
function isInPage(element: Element | null): boolean {
  return element?.closest("#page, [role=dialog]") !== null && element !== null;
}

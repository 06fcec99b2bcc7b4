import { Kbd, UnstyledButton } from "@mantine/core";
import { IconSearch, IconSettings } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { $api } from "../../api/api";
import { isAtLeast, meQuery } from "../../api/me";
import { openCommandPalette } from "./CommandPalette";
import { PersonMenu } from "./PersonMenu";
import { AUDIT, IS_APPLE, PLACES, type Place } from "./places";
import classes from "./Shell.module.css";

function PlaceLink({ place, children }: { place: Place; children?: ReactNode }) {
  return (
    <Link
      to={place.to}
      className={classes.link}
      activeProps={{ "data-active": true }}
      activeOptions={{ exact: place.to === "/", includeSearch: false }}
    >
      <place.icon size={18} stroke={1.75} />
      {place.label}
      {children}
    </Link>
  );
}

/** Where one can go, and who is here. */
export function Navigation({ onSearch }: { onSearch?: () => void }) {
  const { data: me } = useQuery(meQuery);
  return (
    <>
      <UnstyledButton
        className={classes.find}
        onClick={() => {
          onSearch?.();
          openCommandPalette();
        }}
      >
        <IconSearch size={15} stroke={2} aria-hidden />
        <span>Search or go to…</span>
        <Kbd size="xs" aria-hidden>
          {IS_APPLE ? "⌘K" : "Ctrl K"}
        </Kbd>
      </UnstyledButton>
      <nav aria-label="Main" className={classes.places}>
        {PLACES.map((group) => (
          <div key={group.title}>
            {group.title && <div className={classes.group}>{group.title}</div>}
            {group.places.map((place) => (
              <PlaceLink key={place.to} place={place}>
                {place.to === "/live" && <LiveCount />}
              </PlaceLink>
            ))}
          </div>
        ))}
        <div className={classes.group}>Workspace</div>
        <Link
          to="/settings/$section"
          params={{ section: "profile" }}
          className={classes.link}
          activeProps={{ "data-active": true }}
          activeOptions={{ includeSearch: false }}
        >
          <IconSettings size={18} stroke={1.75} />
          Settings
        </Link>
        {isAtLeast(me, "owner") && <PlaceLink place={AUDIT} />}
      </nav>
      <PersonMenu />
    </>
  );
}

/** How many calls run now. */
function LiveCount() {
  const { data } = $api.useQuery("get", "/v1/stats", {}, { refetchInterval: 15_000 });
  if (!data?.active_calls) return null;
  return (
    <span className={classes.live}>
      {data.active_calls}
      <span className="visually-hidden"> running</span>
    </span>
  );
}

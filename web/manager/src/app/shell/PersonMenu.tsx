import { Text, UnstyledButton, type UnstyledButtonProps } from "@mantine/core";
import { IconSelector } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { type ButtonHTMLAttributes, lazy, type Ref, Suspense, useState } from "react";
import { meQuery } from "../../api/me";
import { withStyles } from "../lazyStyles";
import classes from "./Shell.module.css";

const PersonItems = lazy(withStyles(() => import("./PersonItems")));

/** Who is signed in; theme, profile, leaving. The menu is loaded when it is opened first. */
export function PersonMenu() {
  const [wasOpened, setOpened] = useState(false);
  const closed = <PersonButton aria-haspopup="menu" aria-expanded={false} onClick={() => setOpened(true)} />;
  if (!wasOpened) return closed;
  return (
    <Suspense fallback={closed}>
      <PersonItems />
    </Suspense>
  );
}

type PersonButtonProps = UnstyledButtonProps & ButtonHTMLAttributes<HTMLButtonElement> & { ref?: Ref<HTMLButtonElement> };

export function PersonButton(props: PersonButtonProps) {
  const { data: me } = useQuery(meQuery);
  const name = me?.name ?? "";
  return (
    <UnstyledButton {...props} className={classes.person} aria-label={`${name}, ${me?.role ?? ""}: your menu`}>
      <span className={classes.initial} aria-hidden>
        {name.slice(0, 1)}
      </span>
      <span style={{ minWidth: 0, flex: 1 }}>
        <Text size="sm" truncate component="span" display="block">
          {name}
        </Text>
        <Text size="xs" c="dimmed" component="span" display="block">
          {me?.role}
        </Text>
      </span>
      <IconSelector size={16} stroke={1.75} aria-hidden />
    </UnstyledButton>
  );
}

package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"github.com/lockstep-dev/lockstep/cmd/lockstep/live"
	"github.com/lockstep-dev/lockstep/sync/status"
)

// longestAnswer bounds what is read of a daemon's answer.
const longestAnswer = 64 << 20

func newStatus() *cobra.Command {
	var address string
	var watching bool
	output := outputFlag{value: outputTable}
	cmd := &cobra.Command{
		Use:   "status [APP]",
		Short: "Show what the apps of a running daemon are at",
		Args:  wants("one app at most", 0),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			return known(cmd.Context(), address, args), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			look := func(ctx context.Context) (shown, error) {
				if len(args) == 1 {
					return lookAtApp(ctx, address, args[0], output.value)
				}
				return lookAtApps(ctx, address, output.value)
			}
			if watching {
				return keepShowing(cmd.Context(), cmd.OutOrStdout(), look)
			}
			now, err := look(cmd.Context())
			if err != nil {
				return err
			}
			return now.print(cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVar(&address, "server", "http://127.0.0.1:8080", "address of the daemon's status API")
	cmd.Flags().BoolVarP(&watching, "watch", "w", false, "go on, and show what changes, until interrupted")
	output.register(cmd, outputTable, outputWide, outputJSON)
	return cmd
}

// known are the names of the daemon's apps, for a shell to complete: none where there is an argument, or no daemon.
func known(ctx context.Context, address string, args []string) []string {
	var list status.List
	if len(args) > 0 || get(ctx, address, &list, "api", "v1", "apps") != nil {
		return nil
	}
	var names []string
	for _, app := range list.Apps {
		names = append(names, app.Name)
	}
	return names
}

func lookAtApps(ctx context.Context, address, format string) (shown, error) {
	var list status.List
	if err := get(ctx, address, &list, "api", "v1", "apps"); err != nil {
		return shown{}, err
	}
	return shown{list, func(out io.Writer) error {
		if format == outputJSON {
			return printJSON(out, list)
		}
		live.Overview(out, list, format == outputWide)
		if list.Replica == nil {
			return nil
		}
		text := list.Replica.Lacks()
		if text == "" && list.Replica.Standby && len(list.Apps) == 0 {
			text = list.Replica.String()
		}
		if text == "" {
			return nil
		}
		_, err := fmt.Fprintln(out, text)
		return err
	}}, nil
}

func lookAtApp(ctx context.Context, address, name, format string) (shown, error) {
	var app status.App
	if err := get(ctx, address, &app, "api", "v1", "apps", name); err != nil {
		return shown{}, err
	}
	return shown{app, func(out io.Writer) error {
		if format == outputJSON {
			return printJSON(out, app)
		}
		live.Detail(out, app)
		return nil
	}}, nil
}

func printJSON(out io.Writer, value any) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

// get reads the JSON at a path of the daemon into answer.
func get(ctx context.Context, address string, answer any, path ...string) error {
	base, err := url.Parse(address)
	if err != nil || base.Host == "" {
		return errors.New("--server: want an address like http://127.0.0.1:8080")
	}
	for i, part := range path {
		path[i] = url.PathEscape(part)
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, base.JoinPath(path...).String(), nil)
	if err != nil {
		return errors.New("--server: want an address like http://127.0.0.1:8080")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("no daemon answers at %s: is \"lockstep run\" running, with that --listen? %w", base.Redacted(), errors.Unwrap(err))
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode == http.StatusNotFound {
		return fmt.Errorf("the daemon at %s has no such app: lockstep status lists those that it has", base.Redacted())
	}
	if response.StatusCode != http.StatusOK {
		var why struct{ Error string }
		_ = json.NewDecoder(io.LimitReader(response.Body, longestAnswer)).Decode(&why) // without a reason there is the code
		return fmt.Errorf("the daemon at %s answered %s", base.Redacted(), cmp.Or(why.Error, response.Status))
	}
	return json.NewDecoder(io.LimitReader(response.Body, longestAnswer)).Decode(answer)
}

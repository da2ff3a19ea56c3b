package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"github.com/lockstep-dev/lockstep/cmd/lockstep/live"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

// runConfig keeps the apps of a config file in step.
func (f *runFlags) runConfig(ctx context.Context, cmd *cobra.Command, log *zap.Logger) error {
	cache, err := f.copies()
	if err != nil {
		return err
	}
	store := status.NewStore()
	d := &daemon{store: store, signals: newSignals(store, log), log: log}
	f.wrap = d.signals.metrics.Transport
	if !f.once {
		if d.hooks, err = receive(f.hooks.listen, log); err != nil {
			return err
		}
	}
	s := newSettings(d, f.config, cache)
	defer s.close()
	if err := s.load(ctx); err != nil {
		return err
	}
	if d.workshop, err = f.open(ctx); err != nil {
		return err
	}
	defer d.workshop.close()
	if err := f.replicate(d); err != nil {
		return err
	}
	d.observe(d.store)
	d.signals.watch(d)
	view := f.viewOfMany(cmd.OutOrStdout(), log)
	d.observe(view)
	if f.once {
		return s.once(ctx, f, cmd.OutOrStdout())
	}
	d.asking = f.askable(d)
	if err := f.outlook(d.signals); err != nil {
		return err
	}
	out := f.aside(view, cmd.OutOrStdout())
	err = d.keep(ctx, sync.DefaultInterval, f.listen, func(server *server) error { return s.introduce(out, server) },
		func(ctx context.Context, group *errgroup.Group) <-chan sync.Roster {
			s.begin(ctx, group)
			group.Go(func() error { return s.follow(ctx) })
			return s.rosters
		})
	if err != nil {
		return err
	}
	return f.leave(cmd.OutOrStdout())
}

// begin has the repositories that are open followed by group, and those that are opened later.
func (s *settings) begin(ctx context.Context, group *errgroup.Group) {
	s.group = group
	for _, r := range s.read.Repositories {
		if from := s.sources[keyOf(r)]; from != nil {
			group.Go(func() error { return s.watch(ctx, from.repository, from.feed, r.Interval) })
		}
	}
}

// introduce says what is kept in step with what, and what is wrong with the file.
func (s *settings) introduce(out io.Writer, server *server) error {
	text := fmt.Sprintf("%s (repositories: %d, entries of apps: %d), to %s", s.file, len(s.read.Repositories), len(s.read.Apps), s.name)
	_, err := fmt.Fprintln(out, text+server.where()+s.hooks.where())
	return err
}

// viewOfMany returns what shows the events of many apps.
func (f *logFlags) viewOfMany(stdout io.Writer, log *zap.Logger) sync.Observer {
	if f.format == formatJSON {
		return newLogObserver(log)
	}
	return live.NewCrowd(stdout)
}

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"github.com/lockstep-dev/lockstep/cmd/lockstep/config"
	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/git/webhook"
	"github.com/lockstep-dev/lockstep/sync"
)

// hookFlags say where webhooks are received, and who sends those about the repository of --repo.
type hookFlags struct{ listen, provider, secrets string }

func (f *hookFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.listen, "webhook-listen", "", "address where webhooks are received, as :9292; empty for none")
	flags.StringVar(&f.provider, "webhook-provider", "", "who sends webhooks about --repo: "+strings.Join(webhook.Providers(), ", "))
	flags.StringVar(&f.secrets, "webhook-secret-file", "", "file with the secret that they are signed with, or folder of such files")
	_ = cmd.RegisterFlagCompletionFunc("webhook-provider", cobra.FixedCompletions(webhook.Providers(), cobra.ShellCompDirectiveNoFileComp))
}

// check says what is wrong with the flags for one repository.
func (f *hookFlags) check() error {
	switch {
	case f.provider == "" && f.secrets == "" && f.listen == "":
		return nil
	case f.provider == "" || f.secrets == "" || f.listen == "":
		return errors.New("--webhook-listen, --webhook-provider and --webhook-secret-file go together")
	case !slices.Contains(webhook.Providers(), f.provider):
		return fmt.Errorf("--webhook-provider %q: want one of %s", f.provider, strings.Join(webhook.Providers(), ", "))
	}
	if err := webhook.NewSecrets(f.secrets).Check(); err != nil {
		return fmt.Errorf("--webhook-secret-file: %w", err)
	}
	return nil
}

// hooks are the webhooks of a daemon, received on their own listener, as others than those who may see the status send them.
// Nil for none.
type hooks struct {
	*server
	receiver *webhook.Receiver
	only     webhook.Target // of a daemon for one app; it wakes nobody yet
	log      *zap.Logger
}

// receive opens the listener. An empty address receives nothing.
func receive(listen string, log *zap.Logger) (*hooks, error) {
	if listen == "" {
		return nil, nil
	}
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return nil, fmt.Errorf("--webhook-listen: %w", err)
	}
	h := &hooks{receiver: webhook.NewReceiver(), log: log}
	h.server = &server{listener: webhook.Limit(listener), http: webhook.NewServer(h.receiver)}
	h.receiver.Refused = h.refused
	log.Info("webhooks", zap.String("address", "http://"+listener.Addr().String()))
	return h, nil
}

// receive is [receive] for the one repository of the flags.
func (f *hookFlags) receive(repository *git.Repository, live refFlags, log *zap.Logger) (*hooks, error) {
	if f.listen != "" && repository.Watch() != nil {
		return nil, errors.New("--webhook-listen: goes with a remote; a folder's files are watched")
	}
	h, err := receive(f.listen, log)
	if h != nil {
		h.only = webhook.Target{
			Provider: webhook.Provider(f.provider), Secrets: webhook.NewSecrets(f.secrets), Repository: repository.String(),
			Branch: live.branch, Ref: live.ref.Name,
		}
	}
	return h, err
}

// wake has the webhooks of the one repository wake its feed.
func (h *hooks) wake(feed *sync.Feed) {
	if h != nil {
		h.only.Wake = feed.Hint
		h.set([]webhook.Target{h.only})
	}
}

// where says the address, for the end of a line.
func (h *hooks) where() string {
	if h == nil {
		return ""
	}
	return "; webhooks at http://" + h.listener.Addr().String()
}

func (h *hooks) run(ctx context.Context) error {
	if h == nil {
		return nil
	}
	return h.server.run(ctx)
}

// set makes targets those whose webhooks are accepted.
func (h *hooks) set(targets []webhook.Target) {
	if h == nil {
		return
	}
	h.receiver.Set(targets)
	for _, t := range targets {
		if err := t.Secrets.Check(); err != nil {
			h.log.Warn("webhooks are refused", zap.String("repository", t.Repository), zap.Error(err))
		}
	}
}

// refused logs requests that were not accepted, with their count, as anybody may send them.
func (h *hooks) refused(r webhook.Refusal) {
	h.log.Warn("webhook refused", zap.String("provider", string(r.Provider)), zap.String("reason", r.Reason), zap.Int("count", r.Count), zap.Error(r.Err))
}

// targetsOf are the webhooks that a config file asks for, of the repositories that could be opened, by their names in it.
func targetsOf(file *config.Config, sources map[string]*source) []webhook.Target {
	var targets []webhook.Target
	for _, r := range file.Repositories {
		from := sources[r.Name]
		if from == nil || r.WebhookProvider == "" {
			continue
		}
		targets = append(targets, webhook.Target{
			Provider: webhook.Provider(r.WebhookProvider), Secrets: webhook.NewSecrets(r.WebhookSecrets),
			Repository: from.repository.String(), Branch: r.Branch, Ref: r.Ref.Name, Wake: from.feed.Hint,
		})
	}
	return targets
}

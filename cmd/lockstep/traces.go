package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/lockstep-dev/lockstep/cmd/lockstep/redact"
	"github.com/lockstep-dev/lockstep/sync/otlp"
	"github.com/lockstep-dev/lockstep/sync/trust"
)

// traceFlags say who gets traces.
type traceFlags struct{ endpoint, caFile string }

func (f *traceFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.endpoint, "otlp-endpoint", "", "address of a collector of OpenTelemetry that gets a trace of each pass; empty for none")
	flags.StringVar(&f.caFile, "otlp-ca-file", "", "file with the certificates of the authorities that the collector's may be of; empty for the system's")
}

// collector is where traces go, and whose certificates are trusted there: what the flags say, or the standard variables of
// OpenTelemetry; no endpoint for none.
func (f *traceFlags) collector() (endpoint, caFile string) {
	return cmp.Or(f.endpoint, os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT")), cmp.Or(f.caFile, os.Getenv("OTEL_EXPORTER_OTLP_CERTIFICATE"))
}

func (f *traceFlags) check() error {
	endpoint, caFile := f.collector()
	switch {
	case endpoint == "" && f.caFile != "":
		return errors.New("--otlp-ca-file needs --otlp-endpoint")
	case endpoint == "":
		return nil
	}
	if err := otlp.Check(endpoint); err != nil {
		return fmt.Errorf("--otlp-endpoint: %w", err)
	}
	if caFile != "" {
		if err := trust.Check(caFile); err != nil {
			return fmt.Errorf("--otlp-ca-file: %w", err)
		}
	}
	return nil
}

// export makes what sends traces, if the flags ask for it.
func (s *signals) export(f *traceFlags) (err error) {
	endpoint, caFile := f.collector()
	if endpoint == "" {
		return nil
	}
	if s.traces, err = otlp.New(endpoint, caFile, buildVersion(), redact.Text, s.log); err != nil {
		return fmt.Errorf("--otlp-endpoint: %w", err)
	}
	return nil
}

// trace has the traces of a run that ends by itself sent, if the flags ask for it, until the func that it returns is called; that
// returns once the last are sent, or have taken too long.
func (s *signals) trace(f *traceFlags) (sent func(), err error) {
	if err := s.export(f); err != nil || s.traces == nil {
		return func() {}, err
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.traces.Run(ctx) // it has none
	}()
	return func() {
		stop()
		<-done
	}, nil
}

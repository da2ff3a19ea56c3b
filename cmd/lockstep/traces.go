package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

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

// variable is the value of one of OpenTelemetry's standard variables, that of traces alone before that of all signals, and its name.
func variable(suffix string) (value, name string) {
	for _, name := range []string{"OTEL_EXPORTER_OTLP_TRACES_" + suffix, "OTEL_EXPORTER_OTLP_" + suffix} {
		if value := os.Getenv(name); value != "" {
			return value, name
		}
	}
	return "", "OTEL_EXPORTER_OTLP_" + suffix
}

// collector is where traces go, by the flags or else by the standard variables of OpenTelemetry, and which of them says so; nobody
// where that is empty.
func (f *traceFlags) collector() (to otlp.Collector, said string, err error) {
	endpoint, name := variable("ENDPOINT")
	switch {
	case strings.EqualFold(os.Getenv("OTEL_SDK_DISABLED"), "true"):
		return to, "", nil
	case f.endpoint != "":
		to.Endpoint, said = f.endpoint, "--otlp-endpoint"
	case endpoint == "" || os.Getenv("OTEL_TRACES_EXPORTER") == "none":
		return to, "", nil
	case strings.Contains(name, "_TRACES_"):
		to.Traces, said = endpoint, name
	default:
		to.Endpoint, said = endpoint, name
	}
	certificate, _ := variable("CERTIFICATE")
	to.CAFile = cmp.Or(f.caFile, certificate)
	headers, name := variable("HEADERS")
	if to.Headers, err = otlp.ParseList(headers); err != nil {
		return to, said, fmt.Errorf("%s: %w", name, err)
	}
	const attributes, service = "OTEL_RESOURCE_ATTRIBUTES", "OTEL_SERVICE_NAME"
	if to.Resource, err = otlp.ParseList(os.Getenv(attributes)); err != nil {
		return to, said, fmt.Errorf("%s: %w", attributes, err)
	}
	if name := os.Getenv(service); name != "" {
		to.Resource["service.name"] = name
	}
	return to, said, nil
}

func (f *traceFlags) check() error {
	to, said, err := f.collector()
	switch {
	case err != nil:
		return err
	case said == "" && f.endpoint == "" && f.caFile != "":
		return errors.New("--otlp-ca-file needs --otlp-endpoint")
	case said == "":
		return nil
	}
	if err := to.Check(); err != nil {
		return fmt.Errorf("%s: %w", said, err)
	}
	if to.CAFile != "" {
		if err := trust.Check(to.CAFile); err != nil {
			return fmt.Errorf("--otlp-ca-file: %w", err)
		}
	}
	return nil
}

// export makes what sends traces, if the flags ask for it.
func (s *signals) export(f *traceFlags) error {
	to, said, err := f.collector()
	if err != nil || said == "" {
		return err
	}
	if s.traces, err = otlp.New(to, buildVersion(), redact.Text, s.log); err != nil {
		return fmt.Errorf("%s: %w", said, err)
	}
	if protocol, name := variable("PROTOCOL"); protocol == "grpc" {
		s.log.Warn("traces are sent over HTTP, whatever "+name+" says", zap.String("protocol", protocol))
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

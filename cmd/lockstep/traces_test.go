package main

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"go.uber.org/zap"

	"github.com/lockstep-dev/lockstep/sync/otlp"
	"github.com/lockstep-dev/lockstep/sync/status"
)

// environ sets OpenTelemetry's variables, and those alone.
func environ(t *testing.T, variables ...string) {
	t.Helper()
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "OTEL_") {
			t.Setenv(name, "")
		}
	}
	for _, variable := range variables {
		if name, value, is := strings.Cut(variable, "="); is {
			t.Setenv(name, value)
		}
	}
}

func TestTracesAreOffUnlessSomebodyAsksForThem(t *testing.T) {
	const endpoint, traces = "OTEL_EXPORTER_OTLP_ENDPOINT=http://all:4318", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://traces:4318/spans"
	flag := traceFlags{endpoint: "http://flag:4318"}
	for _, c := range []struct {
		variables []string
		flags     traceFlags
		want      otlp.Collector
	}{
		{},
		{variables: []string{"OTEL_EXPORTER_OTLP_HEADERS=a=b", "OTEL_SERVICE_NAME=x"}},
		{variables: []string{endpoint, "OTEL_SDK_DISABLED=True"}},
		{flags: flag, variables: []string{"OTEL_SDK_DISABLED=true"}},
		{variables: []string{endpoint, "OTEL_TRACES_EXPORTER=none"}},
		{flags: flag, variables: []string{endpoint, "OTEL_TRACES_EXPORTER=none"}, want: otlp.Collector{Endpoint: "http://flag:4318"}},
		{variables: []string{endpoint, "OTEL_SDK_DISABLED=false"}, want: otlp.Collector{Endpoint: "http://all:4318"}},
		{variables: []string{endpoint, traces}, want: otlp.Collector{Traces: "http://traces:4318/spans"}},
		{flags: traceFlags{caFile: "flag.crt"}, variables: []string{endpoint, "OTEL_EXPORTER_OTLP_CERTIFICATE=ca.crt"}, want: otlp.Collector{
			Endpoint: "http://all:4318", CAFile: "flag.crt",
		}},
		{
			variables: []string{
				endpoint, "OTEL_EXPORTER_OTLP_HEADERS=a=b", "OTEL_EXPORTER_OTLP_TRACES_HEADERS=api-key=k%20v,x=y", "OTEL_EXPORTER_OTLP_CERTIFICATE=ca.crt",
				"OTEL_RESOURCE_ATTRIBUTES=service.name=other,deployment.environment=prod", "OTEL_SERVICE_NAME=delivery",
			},
			want: otlp.Collector{
				Endpoint: "http://all:4318", CAFile: "ca.crt", Headers: map[string]string{"api-key": "k v", "x": "y"},
				Resource: map[string]string{"service.name": "delivery", "deployment.environment": "prod"},
			},
		},
	} {
		t.Run(strings.Join(c.variables, " "), func(t *testing.T) {
			environ(t, c.variables...)
			to, said, err := c.flags.collector()
			if len(to.Headers) == 0 {
				to.Headers = nil
			}
			if len(to.Resource) == 0 {
				to.Resource = nil
			}
			if err != nil || !reflect.DeepEqual(to, c.want) || (said == "") != (to.Endpoint+to.Traces == "") {
				t.Errorf("%+v by %q, %v", to, said, err)
			}
			s := newSignals(status.NewStore(), zap.NewNop())
			if err := s.export(&c.flags); err != nil || (s.traces == nil) != (said == "") {
				t.Errorf("%v, %v", s.traces, err)
			}
		})
	}
}

func TestAWrongAddressOfTracesIsToldByItsName(t *testing.T) {
	for _, c := range []struct {
		variable string
		flags    traceFlags
		want     string
	}{
		{flags: traceFlags{endpoint: "collector:4318"}, want: "--otlp-endpoint: "},
		{flags: traceFlags{caFile: "ca.crt"}, want: "--otlp-ca-file needs --otlp-endpoint"},
		{variable: "OTEL_EXPORTER_OTLP_ENDPOINT=c4nary:4317", want: "OTEL_EXPORTER_OTLP_ENDPOINT: want"},
		{variable: "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://ada:c4nary@collector", want: "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: want"},
		{variable: "OTEL_EXPORTER_OTLP_HEADERS=c4nary", flags: traceFlags{endpoint: "http://c:4318"}, want: "OTEL_EXPORTER_OTLP_HEADERS: want"},
		{variable: "OTEL_EXPORTER_OTLP_HEADERS=a=c4nary%0a", flags: traceFlags{endpoint: "http://c:4318"}, want: "want headers"},
		{variable: "OTEL_RESOURCE_ATTRIBUTES=c4nary", flags: traceFlags{endpoint: "http://c:4318"}, want: "OTEL_RESOURCE_ATTRIBUTES: want"},
	} {
		environ(t, c.variable)
		if err := c.flags.check(); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "c4nary") {
			t.Errorf("%s %+v: %v", c.variable, c.flags, err)
		}
	}
}

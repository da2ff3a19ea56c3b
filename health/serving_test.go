package health_test

import (
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/lockstep-dev/lockstep/health"
)

// ingressTo leads all requests to a port of a Service.
func ingressTo(t *testing.T, service string, port int) *unstructured.Unstructured {
	t.Helper()
	return unstructuredOf(t, map[string]any{
		"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": map[string]any{"name": "shop"},
		"spec": map[string]any{"defaultBackend": map[string]any{"service": map[string]any{
			"name": service, "port": map[string]any{"number": port},
		}}},
	})
}

func TestAnIngressToNowhereEndsTheGateAndAServiceOfOthersHealsIt(t *testing.T) {
	c := newCluster(t)
	objects := c.apply(append(web(t, 1), ingressTo(t, "storefront", 80))...)
	_, err := c.wait(0, objects) // without a timeout, only a terminal problem ends it
	r := failure(t, err)
	want := "the default backend leads to service/storefront, which does not exist in namespace " + c.namespace
	if r.Reason != health.BackendMissing || r.Problems[0].Message != want {
		t.Errorf("report is %s %q, want %q", r.Reason, r.Problems[0].Message, want)
	}
	h := c.follow(objects)
	h.eventually(t, "the missing Service", func(r *health.Report) bool { return r.Reason == health.BackendMissing })
	others := change{"Service/*", map[string]any{"metadata": map[string]any{"name": "storefront"}}}
	for _, o := range web(t, 1, others) {
		if o.GetKind() == "Service" {
			c.apply(o)
		}
	}
	h.eventually(t, "health with a Service that is not the check's", isCurrent)
}

func TestAnIngressToAPortThatIsMissingIsTold(t *testing.T) {
	c := newCluster(t)
	_, err := c.wait(0, c.apply(append(web(t, 1), ingressTo(t, "web-service", 8080))...))
	if r := failure(t, err); r.Problems[0].Message != "the default backend leads to port 8080 of service/web-service, which has 80" {
		t.Errorf("%+v", r.Problems)
	}
}

func TestALoadBalancerThatNobodyMakesIsAWarningAndOneThatSomebodyDoesIsWaitedFor(t *testing.T) {
	c := newCluster(t)
	balanced := change{"Service/*", map[string]any{"spec": map[string]any{"type": "LoadBalancer"}}}
	objects := c.apply(web(t, 1, balanced)...)
	h := c.follow(objects)
	pending := func(w health.Problem) bool { return w.Reason == health.LoadBalancerPending }
	h.eventually(t, "health with a warning", func(r *health.Report) bool {
		return isCurrent(r) && slices.ContainsFunc(r.Warnings, pending)
	})
	service := objects[slices.IndexFunc(objects, func(o *unstructured.Unstructured) bool { return o.GetKind() == "Service" })]
	patch := func(text string, subresource ...string) {
		t.Helper()
		_, err := c.resource(service).Patch(t.Context(), service.GetName(), types.MergePatchType, []byte(text), metav1.PatchOptions{}, subresource...)
		must(t, err)
	}
	patch(`{"metadata":{"finalizers":["service.kubernetes.io/load-balancer-cleanup"]}}`)
	h.eventually(t, "the wait for an address", func(r *health.Report) bool {
		return r.Status == health.InProgress && r.Reason == health.LoadBalancerPending
	})
	patch(`{"status":{"loadBalancer":{"ingress":[{"ip":"192.0.2.10"}]}}}`, "status")
	h.eventually(t, "health with an address", func(r *health.Report) bool {
		return isCurrent(r) && !slices.ContainsFunc(r.Warnings, pending)
	})
	patch(`{"metadata":{"finalizers":null}}`) // or the namespace stays
}

func TestEndpointsThatAreWrittenByHandAreCounted(t *testing.T) {
	c := newCluster(t)
	service := unstructuredOf(t, map[string]any{
		"apiVersion": "v1", "kind": "Service", "metadata": map[string]any{"name": "elsewhere"},
		"spec": map[string]any{"ports": []any{map[string]any{"port": 80}}},
	})
	h := c.follow(c.apply(service))
	h.eventually(t, "health without endpoints", func(r *health.Report) bool { return isCurrent(r) && len(r.Services) == 0 })
	c.apply(unstructuredOf(t, map[string]any{
		"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
		"metadata":  map[string]any{"name": "by-hand", "labels": map[string]any{"kubernetes.io/service-name": "elsewhere"}},
		"ports":     []any{map[string]any{"name": "", "port": 80}},
		"endpoints": []any{map[string]any{"addresses": []any{"192.0.2.1"}}},
	}))
	h.eventually(t, "the endpoint", func(r *health.Report) bool { return isCurrent(r) && rows(r) == "elsewhere 1/1" })
}

func TestAHeadlessServiceWithoutPortsAndOneThatPublishesEarlyAreHealthy(t *testing.T) {
	for name, spec := range map[string]map[string]any{
		"headless":  {"clusterIP": "None", "ports": nil},
		"publishes": {"publishNotReadyAddresses": true},
		"two ports": {"ports": []any{
			map[string]any{"name": "dns", "port": 53, "targetPort": 80, "protocol": "UDP"},
			map[string]any{"name": "dns-tcp", "port": 53, "targetPort": 80, "protocol": "TCP"},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t)
			h := c.healthy(web(t, 2, change{"Service/*", map[string]any{"spec": spec}}))
			wantRows(t, h.last(), "web-server 2/2 web-service 2/2")
			if name == "publishes" {
				c.apply(web(t, 1, change{"Service/*", map[string]any{"spec": spec}})...)
				c.healthy(web(t, 1, change{"Service/*", map[string]any{"spec": spec}}))
			}
		})
	}
}

func TestAPortNameThatNoPodHasIsTerminalWithTheNamesThereAre(t *testing.T) {
	c := newCluster(t)
	byName := change{"Service/*", map[string]any{"spec": map[string]any{"ports": []any{map[string]any{"port": 80, "targetPort": "http"}}}}}
	_, err := c.wait(0, c.apply(web(t, 1, byName)...))
	r := failure(t, err)
	if r.Reason != health.PortMismatch || !strings.HasSuffix(r.Problems[0].Message, "it names none, and declares 80") {
		t.Errorf("%s %q", r.Reason, r.Problems[0].Message)
	}
}

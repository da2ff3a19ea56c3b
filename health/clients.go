package health

import (
	"context"
	"net/http"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

// typedVersions are those of the kinds that are watched as their Go types.
var typedVersions = []schema.GroupVersion{
	corev1.SchemeGroupVersion, appsv1.SchemeGroupVersion, discoveryv1.SchemeGroupVersion, networkingv1.SchemeGroupVersion,
}

// clients are the connections that all watches share.
type clients struct {
	http     *http.Client
	dynamic  dynamic.Interface
	metadata metadata.Interface
	typed    map[schema.GroupVersion]rest.Interface
}

func newClients(config *rest.Config) (*clients, error) {
	config = rest.CopyConfig(config)
	config.QPS, config.RateLimiter, config.Timeout = -1, nil, 0
	config.DisableCompression = true // of many small events: it costs both sides more than it saves
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, err
	}
	c := &clients{http: client, typed: map[schema.GroupVersion]rest.Interface{}}
	if c.dynamic, err = dynamic.NewForConfigAndClient(config, client); err != nil {
		return nil, err
	}
	if c.metadata, err = metadata.NewForConfigAndClient(config, client); err != nil {
		return nil, err
	}
	for _, gv := range typedVersions {
		if c.typed[gv], err = typedClient(config, client, gv); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// typedClient speaks protobuf, which costs a fraction of JSON to decode.
func typedClient(config *rest.Config, client *http.Client, gv schema.GroupVersion) (rest.Interface, error) {
	config = rest.CopyConfig(config)
	config.GroupVersion = &gv
	config.APIPath = "/apis"
	if gv.Group == "" {
		config.APIPath = "/api"
	}
	config.NegotiatedSerializer = scheme.Codecs.WithoutConversion()
	config.ContentType = runtime.ContentTypeProtobuf
	config.AcceptContentTypes = runtime.ContentTypeProtobuf + "," + runtime.ContentTypeJSON
	return rest.RESTClientForConfigAndClient(config, client)
}

// close lets go of connections that nobody uses any more.
func (c *clients) close() { utilnet.CloseIdleConnectionsFor(c.http.Transport) }

// listWatch is how the watch of that key asks.
func (c *clients) listWatch(key sourceKey) *cache.ListWatch {
	if key.typed {
		return typedListWatch(c.typed[key.resource.GroupVersion()], key)
	}
	var client dynamic.ResourceInterface = c.dynamic.Resource(key.resource)
	if key.namespace != "" {
		client = c.dynamic.Resource(key.resource).Namespace(key.namespace)
	}
	return &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			return client.List(ctx, key.narrow(options))
		},
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			return client.Watch(ctx, key.narrow(options))
		},
	}
}

// typedListWatch decodes to the Go types that Compute reads.
func typedListWatch(client rest.Interface, key sourceKey) *cache.ListWatch {
	request := func(options metav1.ListOptions) *rest.Request {
		options = key.narrow(options)
		return client.Get().NamespaceIfScoped(key.namespace, key.namespace != "").Resource(key.resource.Resource).
			VersionedParams(&options, scheme.ParameterCodec)
	}
	return &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			return request(options).Do(ctx).Get()
		},
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			options.Watch = true
			return request(options).Watch(ctx)
		},
	}
}

// narrow asks for the one object of the key, if it names one, or for those that its field selector chooses.
func (k sourceKey) narrow(options metav1.ListOptions) metav1.ListOptions {
	switch {
	case k.fields != "":
		options.FieldSelector = k.fields
	case k.name != "":
		options.FieldSelector = fields.OneTermEqualSelector(metav1.ObjectNameField, k.name).String()
	}
	return options
}

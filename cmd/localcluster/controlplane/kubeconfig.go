package controlplane

import (
	"fmt"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// kubeconfig returns the access of user to the API server at address, complete in itself.
func (k keys) kubeconfig(address, user string) clientcmdapi.Config {
	config := clientcmdapi.NewConfig()
	config.Clusters[ContextName] = &clientcmdapi.Cluster{Server: address, CertificateAuthorityData: k.ca}
	config.AuthInfos[user] = &clientcmdapi.AuthInfo{
		ClientCertificateData: k.user[user].cert,
		ClientKeyData:         k.user[user].key,
	}
	config.Contexts[ContextName] = &clientcmdapi.Context{Cluster: ContextName, AuthInfo: user, Namespace: "default"}
	config.CurrentContext = ContextName
	return *config
}

func (k keys) writeKubeconfig(path, address, user string) error {
	data, err := clientcmd.Write(k.kubeconfig(address, user))
	if err != nil {
		return fmt.Errorf("encode kubeconfig of %s: %w", user, err)
	}
	return replaceFile(path, data, 0o600)
}

// restConfig returns user's access for this process itself.
func (k keys) restConfig(address, user string) *rest.Config {
	return &rest.Config{
		Host:            address,
		QPS:             -1, // the API server's own fairness is the limit
		TLSClientConfig: rest.TLSClientConfig{CAData: k.ca, CertData: k.user[user].cert, KeyData: k.user[user].key},
	}
}

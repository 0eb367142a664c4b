package rapport.peer;

import ca.uhn.fhir.rest.server.RestfulServer;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;

/** Starts the peer on 127.0.0.1 at the port given as the one argument, and says "ready BASE" on standard output. */
public final class HapiPeer {
    private HapiPeer() {}

    public static void main(String[] arguments) throws Exception {
        int port = Integer.parseInt(arguments[0]);
        String base = "http://127.0.0.1:" + port + "/fhir";
        System.setProperty("peer.base", base);
        AnnotationConfigApplicationContext beans = new AnnotationConfigApplicationContext(PeerConfig.class);

        Server server = new Server();
        ServerConnector connector = new ServerConnector(server);
        connector.setHost("127.0.0.1");
        connector.setPort(port);
        server.addConnector(connector);
        ServletContextHandler context = new ServletContextHandler("/");
        context.addServlet(new ServletHolder(beans.getBean(RestfulServer.class)), "/fhir/*");
        server.setHandler(context);
        server.start();
        System.out.println("ready " + base);
        server.join();
    }
}
